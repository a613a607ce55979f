"""Landing-zone adapters: the native layout, the H&M layout, the generated demo shop."""
