"""The dependency tree of an operation as HTML and text."""

from collections.abc import Iterator

from routebook_kernel.protocol import DependenciesState, DependencyNode
from routebook_kernel.recording.style import code, esc, frame_html
from routebook_kernel.visible_text import VisibleText

NONE_YET = "No operations yet."


class DependenciesOverview(VisibleText):
    """The view of dependencies, for places where widgets don't run."""

    def __init__(self, state: DependenciesState) -> None:
        self.state = state

    def __repr__(self) -> str:
        return "\n".join(self._iter_lines())

    def _iter_lines(self) -> Iterator[str]:
        shown = self.state["shown"]
        if shown is None:
            yield f"{self.state['gone']} no longer exists." if self.state["gone"] else NONE_YET
            return
        yield shown["operation"]
        for node in shown["nodes"]:
            yield f"{'  ' * (node['level'] + 1)}{node['name']}  {describe_node(node, shown['nodes'])}".rstrip()

    def _repr_html_(self) -> str:
        shown = self.state["shown"]
        if shown is None:
            return frame_html(f"<p>{esc(repr(self))}</p>")
        rows = "".join(
            f'<li style="padding-inline-start:{node["level"] * 20}px">{code(node["name"])} '
            f'<span class="rb-2">{esc(describe_node(node, shown["nodes"]))}</span></li>'
            for node in shown["nodes"]
        )
        return frame_html(f"<p><b>{esc(shown['operation'])}</b></p><ul>{rows}</ul>")


def describe_node(node: DependencyNode, nodes: list[DependencyNode]) -> str:
    """Describe a callable in one line: its kind, its parameters, when it runs, and where it's defined."""
    if node["shared_with"] is not None:
        return f"shared, for {node['parameter']}" if node["parameter"] else "shared"
    reads = ", ".join(f"{parameter['name']} ({parameter['source']})" for parameter in node["parameters"])
    parts = [
        node["kind"] + (", in a thread" if node["in_thread"] else ""),
        f"for {node['parameter']}" if node["parameter"] else "",
        f"reads {reads}" if reads else "",
        f"used {node['uses']} times, runs once" if node["uses"] > 1 else "",
        "runs again at each use" if node["is_fresh"] else "",
        {"function": "ends before the response", "request": "ends after the response"}.get(node["scope"] or "", ""),
        f"security scheme {node['scheme']}" if node["scheme"] else "",
        f"scopes {', '.join(node['oauth_scopes'])}" if node["oauth_scopes"] else "",
        f"overrides {node['replaced']}" if node["replaced"] else "",
        f"cell {node['cell']['label']}, line {node['cell']['line']}" if node["cell"] else "",
    ]
    return "; ".join(filter(None, parts))
