"""Floor 3: from a callable to the frozen `Dependant` tree. Pure: no I/O, no application, no request."""
