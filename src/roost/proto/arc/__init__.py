"""ARC: what servers on the way found out about a message, and how it left them. RFC 8617."""
