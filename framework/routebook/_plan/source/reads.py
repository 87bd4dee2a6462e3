"""Parameters: from what was sent to variables, and what happens when one does not pass."""

from collections.abc import Callable

from routebook._analysis.fields import ModelField
from routebook._plan.body import BodyReader
from routebook._plan.refuse import Explain
from routebook._plan.source.emission import Emission
from routebook._plan.source.literals import literal
from routebook._plan.steps import Read, ReadParameters
from routebook._plan.validate import make_json_reader


def write_reads(emission: Emission, parameters: ReadParameters, refuse: Callable[[str], None]) -> None:
    """Read a callable's parameters; `refuse` writes what happens with the expression of their errors."""
    text = emission.text
    for read in parameters.reads:
        if not read.can_fail:
            _write_read(emission, read)
    fallible = [read for read in parameters.reads if read.can_fail]
    if not fallible:
        return
    with text.block("try:"):
        for read in fallible:
            _write_read(emission, read)
    explain = text.bind(
        f"explain_{parameters.owner}",
        Explain(parameters, body_kind=emission.body_kind, context=emission.context, is_strict=emission.is_strict),
    )
    sent_body = {"none": "", "form": ", sent_form"}.get(emission.body_kind, ", body")
    with text.block("except UNREADABLE as error:"):
        refuse(f"await {explain}(error, locals(), scope{sent_body})")


def _write_read(emission: Emission, read: Read) -> None:
    with emission.span("parameter", read.reader.field.name, read):
        emission.text.line(f"{read.variable} = {_expression(emission, read)}")
        emission.write_result(read.variable)


def _expression(emission: Emission, read: Read) -> str:
    """The Python expression of a parameter's value."""
    text, reader = emission.text, read.reader
    if isinstance(reader, BodyReader):
        return _body_expression(emission, read, reader)
    if not reader.is_plain:
        source = "form" if emission.body_kind == "form" and read.is_body else read.source
        wait = "await " if reader.is_async else ""
        return f"{wait}{text.bind(f'read_{read.variable}', reader.read)}(sent_{source})"
    return _plain_expression(emission, read, reader.field, reader.keys[0])


def _body_expression(emission: Emission, read: Read, reader: BodyReader) -> str:
    text = emission.text
    if emission.body_kind != "bytes":
        return f"{text.bind(f'read_{read.variable}', reader.read)}(body)"
    read_json = make_json_reader(reader, is_strict=emission.is_strict, context=emission.context)
    return f"{text.bind(f'read_{read.variable}', read_json)}(body, scope['headers'])"


def _plain_expression(emission: Emission, read: Read, field: ModelField, name: str) -> str:
    key = literal(name)
    found = f"{read.source}[{key}]"
    if read.is_text:
        if not field.is_required and field.has_plain_default:
            return f"{read.source}.get({key}, {_default(emission, read, field)})"
        value = found
    else:
        value = f"{emission.text.bind(f'validate_{read.variable}', field.validate_value)}({found})"
    if field.is_required:
        return value
    return f"{value} if {key} in {read.source} else {_default(emission, read, field)}"


def _default(emission: Emission, read: Read, field: ModelField) -> str:
    bind = emission.text.bind
    if not field.has_plain_default:
        return f"{bind(f'default_{read.variable}', field.make_default)}()"
    default = field.default
    is_literal = default is None or type(default) in (bool, int, str)
    return repr(default) if is_literal else bind(f"default_{read.variable}", default)
