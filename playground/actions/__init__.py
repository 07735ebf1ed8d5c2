"""What changes the world: messages, reactions and interactions, whoever causes them."""
