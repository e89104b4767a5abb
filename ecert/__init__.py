"""The ecert format: what a certificate is and how it is judged. Pure: needs only `cryptography`."""
