"""MLflow: log, package, evaluate, gate, promote.

Nothing is imported here, so that a served model needs only its own modules.
"""
