"""Who defined what: cells, what they own, conflicts between them, rebinding. Pure: no IPython, no loop, no socket."""
