"""Lists made from what people did: complements, carts, repeated purchases, trends, audiences."""
