"""What operations give: types of results and of φ's, abstract values of arguments, facts for a call."""
