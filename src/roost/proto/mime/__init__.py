"""MIME messages read and written, octets in and values out. RFC 5322, RFC 2045 to 2049."""
