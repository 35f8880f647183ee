"""Commands on the program itself: tools, design file schema, generators, shared cache."""
