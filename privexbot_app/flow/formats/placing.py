"""Places for nodes that have none: column by column from the start, loops drawn around what stands in them."""

from collections import defaultdict

from privexbot_app.flow.spec import GraphSpec, NodeSpec, Position, Size

COLUMN, ROW, BORDER = 320, 150, 60


def place_nodes(graph: GraphSpec) -> None:
    """Put every node into the column behind the last one that leads to it."""
    levels: dict[str | None, list[NodeSpec]] = defaultdict(list)
    for node in graph.nodes:
        levels[node.parent].append(node)
    # Inner loops first, so that their size is known. A loop inside itself cannot be drawn, and is a problem elsewhere.
    for parent in sorted(levels, key=lambda id: -_depth(graph, id)):
        size = _place_level(graph, levels[parent])
        for node in graph.nodes:
            if node.id == parent:
                node.size = size


def _depth(graph: GraphSpec, id: str | None) -> int:
    parents = {node.id: node.parent for node in graph.nodes}
    depth = 0
    while id is not None and depth <= len(parents):
        id, depth = parents.get(id), depth + 1
    return depth


def _place_level(graph: GraphSpec, nodes: list[NodeSpec]) -> Size:
    columns = _columns(graph, nodes)
    widths: dict[int, float] = defaultdict(float)
    heights: dict[int, float] = defaultdict(float)
    for node in nodes:
        column = columns[node.id]
        node.position = Position(x=column, y=BORDER + heights[column])
        heights[column] += (node.size.height if node.size else 0) + ROW
        widths[column] = max(widths[column], (node.size.width if node.size else 0) + COLUMN)
    starts = {column: sum(widths[before] for before in range(column)) for column in range(max(widths) + 1)}
    for node in nodes:
        node.position = Position(x=BORDER / 2 + starts[columns[node.id]], y=node.position.y)
    return Size(width=min(sum(widths.values()) + BORDER, 20_000), height=min(max(heights.values()) + BORDER, 20_000))


def _columns(graph: GraphSpec, nodes: list[NodeSpec]) -> dict[str, int]:
    """How many nodes stand before each on the longest way; ways in a circle end at the first node met again."""
    columns = dict.fromkeys((node.id for node in nodes), 0)
    ways = [(edge.source, edge.target) for edge in graph.edges if edge.source in columns and edge.target in columns]
    for _ in range(len(columns)):
        changed = False
        for source, target in ways:
            if columns[target] <= columns[source] < len(columns) - 1:
                columns[target] = columns[source] + 1
                changed = True
        if not changed:
            break
    return columns
