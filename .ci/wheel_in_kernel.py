"""Run where the wheel is installed with [lab]: a kernel loads the extension, and a socket is served from it."""

import json
import urllib.request
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

DEFINE = """
from routebook import Routebook

app = Routebook()

@app.get("/items/{item_id}")
def read_item(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}
"""
SERVE = "%api serve"


def run(client: BlockingKernelClient, source: str) -> str:
    """Run a cell; the text of all that it showed."""
    shown: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        shown.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

    reply = client.execute_interactive(source, output_hook=hear, timeout=60)
    if reply["content"]["status"] != "ok":
        raise SystemExit(f"the cell failed: {reply['content']['ename']}: {reply['content']['evalue']}")
    return "\n".join(text for text in shown if text)


def main() -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        run(client, "%load_ext routebook_kernel")
        print(run(client, DEFINE))
        shown = run(client, SERVE)
        print(shown)
        url = next(word for word in shown.split() if word.startswith("http://")).rstrip("/.,")
        with urllib.request.urlopen(f"{url}/items/5", timeout=10) as response:
            answer = json.loads(response.read())
        if answer != {"item_id": 5}:
            raise SystemExit(f"{url}/items/5 answered {answer!r}")
        print(f"{url}/items/5: {answer}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
