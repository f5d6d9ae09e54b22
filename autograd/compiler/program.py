"""A compiled loss: its source, its blocks, and the calls that run it."""

from __future__ import annotations

from typing import Any
import numpy as np
from autograd.compiler.canonical import canonical
from autograd.compiler.differentiate import Differentiator
from autograd.compiler.emit import HELPERS, LEAF_NAMES, Writer
from autograd.compiler.graph import flatten
from autograd.compiler.group import groups
from autograd.compiler.reroll import Reroller
from autograd.compiler.trace import trace
import time, re


def build(loss, params, x_shape, y_shape, names=None, inputs=False, timing=False):
    T=[time.perf_counter()]
    def tick(what):
        T.append(time.perf_counter())
        if timing: print(f"  {what}: {T[-1]-T[-2]:.3f}")
    flat = flatten(params)
    graph, noises, several = trace(loss, flat, x_shape, y_shape)
    graph.check()
    tick(f"trace {len(graph)}")
    c = canonical(graph)
    c.check()
    tick("canonical")
    gs = groups(c)
    tick("group")
    sizes = {"parameter": len(flat), "input": int(np.prod(x_shape)), "target": 0 if y_shape is None else int(np.prod(y_shape)), "noise": noises}
    r = Reroller(c, gs, sizes)
    tick("reroll")
    blocks = r.blocks
    needed = [False]*len(blocks)
    roots = [(int(r.block[n]), int(r.slot[n])) for n in c.roots]
    for b,_ in roots: needed[b]=True
    writer = Writer(blocks, names or {}, c.labels, roots[0][0] if blocks[roots[0][0]].op not in LEAF_NAMES else None)
    for i in range(len(blocks)-1,-1,-1):
        if needed[i]:
            for o in sources(blocks[i]): needed[o]=True
    wanted=[b.op=="parameter" or (inputs and b.op=="input") for b in blocks]
    for i,b in enumerate(blocks):
        wanted[i] = wanted[i] or any(wanted[o] for o in sources(b))
    writer.forward(needed)
    nforward=len(writer.lines)
    d = Differentiator(writer, wanted)
    if blocks[roots[0][0]].op != "constant": d.backward(roots[0])
    tick("emit")
    forward, backward = writer.lines[:nforward], writer.lines[nforward:]
    count=np.zeros(len(flat),int)
    for _, f in d.theta_writes: np.add.at(count,f,1)
    for line, f in d.theta_writes:
        if (count[f]==1).all(): backward[line-nforward]=backward[line-nforward].replace(" += "," = ",1)
    b,s=roots[0]
    name=writer.names[b]
    if blocks[b].op=="constant": root=f"np.float64({c.data[c.roots[0]]})"
    else: root=name if blocks[b].size==1 else f"{name}[:, {s}]" if blocks[b].batched else f"{name}[{s}]"
    for i,l in enumerate(backward):
        m=re.fullmatch(r"(\w+) = (.*)\.copy\(\)",l)
        if m and not any(o.startswith((m[1]+" +=",m[1]+"[")) for o in backward[i+1:]): backward[i]=f"{m[1]} = {m[2]}"
    full=(count==1).all()
    lines=["n = len(x)", *writer.header, "", *forward, f"value = {root}.mean()", "",
      f"gradient = np.{'empty' if full else 'zeros'}_like(theta)", *writer.gradient_header, *backward, "return value, gradient"]
    src="import numpy as np\n"+"".join(HELPERS[h] for h in sorted(writer.helpers))
    for k,v in writer.constants.items(): src+=f"{k} = np.array({v.tolist()})\n"
    src+="\n\ndef value_and_grad(theta, x, y=None, u=None):\n"+"\n".join("    "+l if l else "" for l in lines)+"\n"
    return src, blocks, d, writer

def sources(block):
    for o in block.operands:
        if o.source is not None: yield o.source
    for t in block.terms:
        for o in (t.left,t.right):
            if o is not None and o.source is not None: yield o.source
