"""What runs: the home loop, the in-kernel server, the in-process client, the recorder between them."""
