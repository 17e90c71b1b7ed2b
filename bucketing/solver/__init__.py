"""Which picture goes to which bucket: choice of K buckets and assignment with counts, with proofs of optimality.

`planner.plan_assignment` is the entry. It splits the work between `reduction` (which buckets are used), `assignment`
(which picture goes to which of them) and `milp` (the integer program that both call). `lagrangian` gives the bounds.
`plan` is what comes out, readable without SciPy.
"""
