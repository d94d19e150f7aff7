"""How much is traded, and where stop and target stand: decided by an instance's rules, outside its strategy."""
