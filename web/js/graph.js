// Which nodes get what a node puts out, through reroutes and into and out of subgraphs.

const SUBGRAPH_OUTPUT = -20; // the host's id of the node in a subgraph that stands for its outputs

// The nodes behind a node that values of a type flow to, the nearest first.
export function nodesBehind(node, type) {
  const found = new Set();
  const waiting = [...targets(node, type)];
  while (waiting.length) {
    const next = waiting.shift();
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...targets(next, type));
  }
  found.delete(node);
  return [...found];
}

function targets(node, type) {
  const slots = (node.outputs ?? []).filter((slot) => slot.type === type || slot.type === "*");
  return slots.flatMap((slot) => follow(node.graph, slot.links));
}

// The nodes at the ends of links of a graph.
function follow(graph, links) {
  return [...(links ?? [])].flatMap((id) => {
    const link = graph?.getLink?.(id) ?? graph?.links?.[id];
    if (!link) return [];
    if (link.target_id === SUBGRAPH_OUTPUT) return leave(graph, link.target_slot);
    const target = graph.getNodeById(link.target_id);
    if (!target) return [];
    return target.subgraph ? follow(target.subgraph, target.subgraph.inputs[link.target_slot]?.linkIds) : [target];
  });
}

// Out of a subgraph, through every node that stands for it.
function leave(subgraph, slot) {
  const root = subgraph.rootGraph;
  const graphs = [root, ...(root?.subgraphs?.values() ?? [])];
  const outside = graphs.flatMap((graph) => graph?.nodes?.filter((node) => node.subgraph === subgraph) ?? []);
  return outside.flatMap((node) => follow(node.graph, node.outputs[slot]?.links));
}
