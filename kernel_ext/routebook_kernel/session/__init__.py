"""The session: everything that one kernel holds, wired together, and its end."""

from routebook_kernel.session.session import Session

__all__ = ["Session"]
