//! compile, fit, evaluate and predict for crisol models.
