"""Every recommender by its name, with the means to train it or, to score alone, without them."""
