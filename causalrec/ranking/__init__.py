"""From states to lists: rules of the shop, top-k, reranking, reasons."""
