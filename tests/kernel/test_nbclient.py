"""A notebook run by nbclient, which sends no cell ids and renders no widget: as in CI, on a server, in a book."""

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.kernel

CELLS = [
    "%load_ext routebook_kernel\nimport routebook_kernel\nfrom routebook import HTTPException, Routebook\n"
    "app = Routebook()",
    "@app.get('/items/{item_id}')\ndef read(item_id: int):\n    if item_id > 5:\n        raise HTTPException(404)\n"
    "    return {'id': item_id}",
    "client = routebook_kernel.client(app)\nclient.get('/items/5')",
    "(await client.get('/items/6')).exchange.raised.place.line",
    "%%http\nGET /items/x",
    "@app.get('/items/{item_id}')\ndef read(item_id: int, lang: str = 'en'):\n    return {'id': item_id, 'lang': lang}",
    "client.get('/items/7?lang=de').json(), len([r for r in app.routes if r.path == '/items/{item_id}'])",
    "app",
]


def test_notebook_runs_from_top_to_bottom() -> None:
    """Summaries, answers, refusals and the application show as text; an edited copy of a cell replaces it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])

    NotebookClient(notebook, kernel_name="python3", timeout=180).execute()

    texts = [_text(cell) for cell in notebook.cells]
    assert "+ GET /items/{item_id}" in texts[1]
    assert "200 OK" in texts[2]
    assert texts[3] == "4"
    assert "item_id: must be a whole number" in texts[4]
    assert texts[6] == "({'id': 7, 'lang': 'de'}, 1)"
    assert "GET     /items/{item_id}" in texts[7]


def _text(cell: nbformat.NotebookNode) -> str:
    return "\n".join(output["data"]["text/plain"] for output in cell.outputs if "data" in output)
