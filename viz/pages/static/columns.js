
// ── the column in which each node stands ────────────────────────────────────────────────────────

// Columns in which all edges together, each as often as it weighs, are as short as they can be: the network simplex of
// Gansner, Koutsofios, North and Vo (1993). dagre does the same, and takes thirty times as long for 400 values.
function inColumns(layout) {
  const ids = layout.nodes(), places = new Map(ids.map((id, i) => [id, i]));
  const columns = new Columns(ids.length, layout.edges().map(edge => {
    const { weight, minlen } = layout.edge(edge);
    return { tail: places.get(edge.v), head: places.get(edge.w), weight, minlen };
  }));
  columns.settle();
  columns.span();
  for (let left = 10 * ids.length; left && columns.improve();) left -= 1; // equally good trees could follow each other for ever
  ids.forEach((id, i) => { layout.node(id).rank = columns.ranks[i]; });
}

// The other end of an edge.
function across({ tail, head }, node) { return node === tail ? head : tail; }

class Columns {
  constructor(count, edges) {
    Object.assign(this, { count, edges, ranks: new Array(count).fill(0), tree: new Set() });
    this.ends = Array.from({ length: count }, () => []);
    this.pull = new Float64Array(count); // of all edges of a node, to the right
    for (const edge of edges) {
      this.ends[edge.tail].push(edge);
      this.ends[edge.head].push(edge);
      this.pull[edge.tail] += edge.weight;
      this.pull[edge.head] -= edge.weight;
    }
  }

  // By how much an edge is longer than it must be.
  slack({ tail, head, minlen }) { return this.ranks[head] - this.ranks[tail] - minlen; }

  shortest(edges) { return edges.reduce((best, edge) => !best || this.slack(edge) < this.slack(best) ? edge : best, null); }

  move(nodes, by) {
    if (by) for (const node of nodes) this.ranks[node] += by;
  }

  // Puts each node as far to the right as those let it to which its edges lead.
  settle() {
    const waits = this.ends.map((ends, node) => ends.filter(({ tail }) => tail === node).length);
    const ready = [...waits.keys()].filter(node => !waits[node]);
    for (const node of ready) {
      for (const { tail, head, minlen } of this.ends[node]) {
        if (head !== node) continue;
        this.ranks[tail] = Math.min(this.ranks[tail], this.ranks[node] - minlen);
        waits[tail] -= 1;
        if (!waits[tail]) ready.push(tail);
      }
    }
  }

  // Finds a tree of edges without slack that joins all nodes: it grows by the nearest node, to which it moves.
  span() {
    const members = new Set([0]), { tree } = this;
    while (members.size < this.count) {
      const edge = this.shortest(this.edges.filter(({ tail, head }) => members.has(tail) !== members.has(head)));
      this.move(members, members.has(edge.tail) ? this.slack(edge) : -this.slack(edge));
      members.add(edge.tail).add(edge.head);
      tree.add(edge);
    }
  }

  // Makes the edges shorter, if they can be: where a cut through one edge of the tree shows that more pulls the two sides
  // together elsewhere than holds them there, they move until another edge joins them.
  improve() {
    const { order, above } = this.rooted(), pull = Float64Array.from(this.pull);
    let worst = 0, top = null;
    for (const node of order.toReversed()) {
      const edge = above[node];
      if (!edge) continue;
      const cut = edge.tail === node ? pull[node] : -pull[node]; // edges inside of a branch cancel each other
      if (cut < worst) [worst, top] = [cut, node];
      pull[across(edge, node)] += pull[node];
    }
    if (top === null) return false;
    const leaving = above[top], branch = this.branch(top, above), left = leaving.tail === top;
    const back = ({ tail, head }) => branch.has(head) === left && branch.has(tail) !== left; // from the other side to this one
    const entering = this.shortest(this.edges.filter(back));
    this.move(branch, left ? -this.slack(entering) : this.slack(entering));
    this.tree.delete(leaving);
    this.tree.add(entering);
    return true;
  }

  // The nodes of the tree, each after the one above it, and the edges that lead up from them.
  rooted() {
    const order = [0], above = new Array(this.count).fill(null);
    for (const node of order) {
      for (const edge of this.ends[node]) {
        if (!this.tree.has(edge) || edge === above[node]) continue;
        above[across(edge, node)] = edge;
        order.push(across(edge, node));
      }
    }
    return { order, above };
  }

  // A node and all below it.
  branch(top, above) {
    const nodes = new Set([top]);
    for (const node of nodes) {
      for (const edge of this.ends[node]) if (this.tree.has(edge) && edge !== above[node]) nodes.add(across(edge, node));
    }
    return nodes;
  }
}
