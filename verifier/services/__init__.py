"""What the verifier does, one module for each thing; commands, API and pages only call these."""
