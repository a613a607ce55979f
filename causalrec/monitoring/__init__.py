"""How the published lists perform: responses, drift, a random slice."""
