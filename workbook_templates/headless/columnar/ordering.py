"""The order in which groups of cells are computed: each after all that it refers to.

Cells that one formula fills are a group.  Where groups refer to each other, or a group to
itself, as a balance does to the month before, their cells are taken level by level; all
others are computed whole.
"""

from collections.abc import Callable, Iterator, Sequence

from workbook_templates.headless.columnar.refusal import UnsupportedError

MOST_LINKS = 5_000_000


def components(count: int, successors: Sequence[set[int]]) -> Iterator[list[int]]:
    """Strongly connected components (Tarjan), each after those that its members refer to."""
    index = [0] * count
    low = [0] * count
    on_stack = [False] * count
    stack: list[int] = []
    counter = 0
    for start in range(count):
        if index[start]:
            continue
        work = [(start, iter(successors[start]))]
        counter += 1
        index[start] = low[start] = counter
        stack.append(start)
        on_stack[start] = True
        while work:
            node, following = work[-1]
            step = next(following, None)
            if step is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    found, stack[cut:] = stack[cut:], []
                    for member in found:
                        on_stack[member] = False
                    yield found
            elif not index[step]:
                counter += 1
                index[step] = low[step] = counter
                stack.append(step)
                on_stack[step] = True
                work.append((step, iter(successors[step])))
            elif on_stack[step]:
                low[node] = min(low[node], index[step])


def levels(cells: Sequence[int], needs: Callable[[int], list[int]]) -> list[list[int]]:
    """The cells in waves, each wave needing only what is in those before it; needs are among the cells.

    >>> levels([1, 2, 3], {1: [], 2: [1], 3: [1]}.__getitem__)
    [[1], [2, 3]]
    """
    waiting: dict[int, int] = {}
    users: dict[int, list[int]] = {cell: [] for cell in cells}
    links = 0
    for cell in cells:
        needed = needs(cell)
        links += len(needed)
        if links > MOST_LINKS:
            raise UnsupportedError("TOO_LARGE", f"more than {MOST_LINKS:,} references between cells that lean on each other")
        waiting[cell] = len(needed)
        for other in needed:
            users[other].append(cell)
    wave = [cell for cell in cells if not waiting[cell]]
    waves = []
    done = 0
    while wave:
        waves.append(wave)
        done += len(wave)
        following = []
        for cell in wave:
            for user in users[cell]:
                waiting[user] -= 1
                if not waiting[user]:
                    following.append(user)
        wave = sorted(following)
    if done < len(cells):
        raise UnsupportedError("CIRCULAR", "a formula that depends on its own result")
    return waves
