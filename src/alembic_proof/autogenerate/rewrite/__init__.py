"""What happens to a revision before it is written: one rule a module, which has the rule's name."""
