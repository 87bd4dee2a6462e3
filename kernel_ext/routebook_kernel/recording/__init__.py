"""Records of requests: redacted, limited in size, and described in words."""
