"""What is said when a form is declared and python-multipart is missing."""

from routebook._analysis.multipart import multipart_incorrect_install_error, multipart_not_installed_error

__all__ = ["multipart_incorrect_install_error", "multipart_not_installed_error"]
