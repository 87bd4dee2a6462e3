"""Whether forms can be read here: python-multipart, under its name or the one that it had up to 0.0.12."""

import warnings
from importlib import import_module

from routebook._types import SourceLocation
from routebook.exceptions import RoutebookError

multipart_not_installed_error = (
    'Form data requires "python-multipart" to be installed.\nInstall it with: pip install python-multipart\n'
)

multipart_incorrect_install_error = (
    'Form data requires "python-multipart" to be installed, but "multipart" is: another package, that has its name.\n'
    "Replace it with: pip uninstall multipart, pip install python-multipart\n"
)

_FIRST_UNDER_ITS_NAME = (0, 0, 13)


def check_multipart(location: SourceLocation | None) -> None:
    """Refuse a form parameter that no request could fill.

    Raises:
        RoutebookError: python-multipart is not installed.
    """
    if _is_installed():
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the old name warns that it is old
        if not _has("multipart", "__version__"):
            raise RoutebookError(multipart_not_installed_error, location=location)
        if not _has("multipart.multipart", "parse_options_header"):
            raise RoutebookError(multipart_incorrect_install_error, location=location)


def _is_installed() -> bool:
    if not _has("python_multipart", "__version__"):
        return False
    version: str = import_module("python_multipart").__version__
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit()) >= _FIRST_UNDER_ITS_NAME


def _has(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name)
    except ImportError:
        return False
