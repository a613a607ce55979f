"""MLflow: log, package, evaluate, gate, promote.

Nothing is imported here, so that a served model needs no more than its own modules.
"""
