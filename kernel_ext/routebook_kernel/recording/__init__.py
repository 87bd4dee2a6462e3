"""What is kept of a request: redacted, bounded, told in words."""
