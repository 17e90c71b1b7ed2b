"""Pure geometry and search on tensors: box, ratio, layout, score, search. Imports no other room."""
