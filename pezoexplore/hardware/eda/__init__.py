"""EDA tools: detection, execution, parsing of reports."""
