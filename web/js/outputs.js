// What nodes sent after a run, see `ui` in nodes/panel.py and nodes/editor.py.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

// Calls back after every run of the node with what it sent under a key; undefined where it sent nothing.
export function listenTo(node, key, callback) {
  const onExecuted = node.onExecuted;
  node.onExecuted = function (output) {
    onExecuted?.apply(this, arguments);
    callback(output?.[key]);
  };
}

// What the last run of a node sent under a key, as long as its workflow is open; the node may have been made anew.
export function lastOutput(node, key) {
  return app.nodeOutputs?.[locate(node)]?.[key];
}

// The address of a temporary file that a node has written.
export function fileUrl({ filename, subfolder, type }) {
  return api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type })}`);
}

// By which the host keeps what a node sent: nodes of a subgraph have its id before theirs.
function locate(node) {
  const { graph } = node;
  return graph && !graph.isRootGraph ? `${graph.id}:${node.id}` : String(node.id);
}
