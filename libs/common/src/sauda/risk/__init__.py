"""The exchange's limits as people see them: what is used of each, who is halted."""
