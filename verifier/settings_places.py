"""Where things are in the data directory, of which no setting speaks."""

from __future__ import annotations

from pathlib import Path


class Places:
    """The paths of a data directory, all absolute."""

    data_dir: Path

    @property
    def keys_dir(self) -> Path:
        """Where the keys are."""
        return self.data_dir / "keys"

    @property
    def bureau_key_file(self) -> Path:
        """Where the bureau's key is, unless a command is given another."""
        return self.keys_dir / "bureau.json"

    @property
    def matters_dir(self) -> Path:
        """Where the bureau's own matters are, if any."""
        return self.data_dir / "matters"

    @property
    def certificates_dir(self) -> Path:
        """Where the files of issued certificates are put."""
        return self.data_dir / "certificates"

    @property
    def record_dir(self) -> Path:
        """Where the record of verifications is."""
        return self.data_dir / "record"

    @property
    def trust_dir(self) -> Path:
        """Where the trust file and the facts file are."""
        return self.data_dir / "trust"

    @property
    def figures_dir(self) -> Path:
        """Where `api` processes count what they do."""
        return self.data_dir / "figures"

    @property
    def url_file(self) -> Path:
        """Where `ecert serve` writes the address that it answers at."""
        return self.data_dir / "service.url"

    @property
    def office_url_file(self) -> Path:
        """Where `ecert serve` writes the address that the office answers at."""
        return self.data_dir / "office.url"
