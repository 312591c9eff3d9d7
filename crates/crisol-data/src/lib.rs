//! Input pipelines: image folders, idx and csv files, shuffle, batch, prefetch.
