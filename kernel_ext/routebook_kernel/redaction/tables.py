"""Tables whose first line names the columns: CSV (RFC 4180), Markdown, and the rows of an SQL INSERT."""

import re

from routebook_kernel.redaction.names import DECLARED
from routebook_kernel.redaction.visitor import Visitor

_CELLS = {mark: re.compile(rf'"(?:[^"]|"")*+"?|[^{mark}\r\n"]++|{mark}|\r\n|\n|\r') for mark in "\t;,"}
_INSERT = re.compile(r"\((?P<columns>[\w\s,\"`.\[\]]{1,2000}+)\)\s{0,20}values\s{0,20}(?=\()", re.IGNORECASE)
_INSERTED = re.compile(r"N?'(?:[^']|'')*+'?|\"[^\"]*+\"?|[^,()'\";]++|[,();]")
_RULE = re.compile(r"[\s|:\-]+")


def read_csv(text: str, visitor: Visitor) -> str:
    """A table of lines (RFC 4180), whose first one names the columns."""
    head = text.partition("\n")[0]
    delimiter = max("\t;,", key=head.count)
    out: list[str] = []
    names: dict[int, str] = {}
    column, is_head = 0, True
    for token in _CELLS[delimiter].findall(text):
        inner = token.strip('"').replace('""', '"')
        if token == delimiter:
            column += 1
        elif token in {"\r", "\n", "\r\n"}:
            column, is_head = 0, False
        elif is_head:
            names[column] = inner.strip()
        elif (rewritten := visitor.visit(names.get(column, ""), inner, is_number=inner.isdigit())) != inner:
            token = f'"{rewritten}"' if token.startswith('"') else rewritten
        out.append(token)
    return "".join(out)


def read_markdown_tables(text: str, visitor: Visitor) -> str:
    """Return a text with the cells of its Markdown tables as the visitor writes them.

    A column has the name in its head; in a table of two columns, the first cell may be the name of the second.
    """
    lines = text.split("\n")
    names: list[str] = []
    for index, line in enumerate(lines):
        if not line.lstrip().startswith("|"):
            names = []
            continue
        cells = line.split("|")
        if not names and index + 1 < len(lines) and "-" in lines[index + 1] and _RULE.fullmatch(lines[index + 1]):
            names = [cell.strip(" *_`") for cell in cells]
            continue
        if not _RULE.fullmatch(line):
            lines[index] = "|".join([_cell(cells, at, names, visitor) for at in range(len(cells))])
    return "\n".join(lines)


def _cell(cells: list[str], at: int, names: list[str], visitor: Visitor) -> str:
    cell = cells[at]
    words = cell.strip(" *_`\r")
    before = cells[at - 1].strip(" *_`") if at == 2 and len(cells) == 4 else ""
    name = before if before and visitor.holds_secrets(before) else names[at] if at < len(names) else ""
    if not words or not name or words in DECLARED or not visitor.holds_secrets(name):
        return cell
    rewritten = visitor.visit(name, words, is_number=words.isdigit())
    return cell if rewritten == words else cell.replace(words, rewritten)


def read_inserts(text: str, visitor: Visitor) -> str:
    """Return SQL with the values of `INSERT INTO users (name, password) VALUES (…), (…)` as the visitor writes them."""
    out, done = [], 0
    for match in _INSERT.finditer(text):
        names = [name.strip(' \t\r\n"`[]') for name in match["columns"].split(",")]
        if match.start() < done or not any(map(visitor.holds_secrets, names)):
            continue
        out.append(text[done : match.end()])
        column = depth = 0
        done = match.end()
        for token in _INSERTED.finditer(text, match.end()):
            word = token[0]
            if word == ";" or (depth == 0 and word not in "(," and word.strip()):
                break
            depth += {"(": 1, ")": -1}.get(word, 0)
            column = 0 if depth == 0 else column + (word == "," and depth == 1)
            done = token.end()
            name = names[column] if depth == 1 and column < len(names) else ""
            value = word.strip("'\" \n")
            out.append(word.replace(value, visitor.visit(name, value)) if name and value.strip(",()") else word)
    return "".join([*out, text[done:]]) if out else text
