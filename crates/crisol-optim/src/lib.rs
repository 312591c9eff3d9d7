//! Optimizers made of small transforms: SGD, RMSprop, Adam.
