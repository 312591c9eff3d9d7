//! Turns a recorded graph into fused kernels in one arena, caches the plan and runs it.
