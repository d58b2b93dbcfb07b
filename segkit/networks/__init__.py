"""Networks that label pixels: the few-line way, the trunk with its heads, the branches of an ASPP."""
