"""Response given the look: a Bayesian logistic factor model on sufficient statistics of looks.

Reading order: ``rows`` (the data) · ``observation`` (what a look says about the response) · ``solves`` (one
small linear system per user and item) · ``design`` and ``priors`` (what content and codes say) · ``sampler``
(the Gibbs sweeps) · ``average`` (posterior mean as two tables) · ``part`` (all of it, as a part of a
recommender) · ``edges`` (was a response meant?) · ``looked`` (what is stored of the looks).
"""
