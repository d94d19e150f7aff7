"""The strategies of a desk as people see them: how each stands, what is wished of it, and what came of that."""
