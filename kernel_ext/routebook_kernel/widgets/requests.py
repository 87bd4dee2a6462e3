"""Reads the request that a page asks to send. JSON has no pairs: they arrive as lists."""

from typing import cast

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Json, Pairs, RequestBody, SendArguments


def read_request(args: Json) -> SendArguments:
    """The page's request.

    Raises:
        RequestError: It has not the shape of one.
    """
    try:
        body = cast(RequestBody, dict(args["body"]))
        if "fields" in body:
            body["fields"] = _pairs(body["fields"])
        return SendArguments(
            operation=str(args["operation"]),
            method=str(args["method"]),
            path=str(args["path"]),
            path_params={str(name): str(value) for name, value in args["path_params"].items()},
            query=_pairs(args["query"]),
            headers=_pairs(args["headers"]),
            cookies=_pairs(args["cookies"]),
            body=body,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RequestError("The request to send is missing, or not as this kernel knows it.") from None


def _pairs(items: Json) -> Pairs:
    return [(str(name), str(value)) for name, value in items]
