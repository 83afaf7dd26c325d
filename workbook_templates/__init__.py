"""Finance workbooks as values, their renderer, their rules and their recalculation."""
