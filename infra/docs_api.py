"""A hook of mkdocs: one API page per package of causalrec, listed below the index of the API."""

from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

INDEX = "api/index.md"
LIBRARY = "causalrec"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages, which exist only in the site."""
    root = Path(config.config_file_path).parent
    for package, modules in packages(root / LIBRARY):
        text = f"# {package}\n\n" + "\n\n".join(f"::: {name}" for name in modules) + "\n"
        files.append(File.generated(config, page_of(package), content=text))
    return files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replaces the one entry of the API by its index and the generated pages."""
    root = Path(config.config_file_path).parent
    pages = [INDEX, *({package: page_of(package)} for package, _ in packages(root / LIBRARY))]
    sections = config.nav or []
    for section in sections:
        for name, entries in section.items():
            if isinstance(entries, list):
                section[name] = [{"API": pages} if entry == {"API": INDEX} else entry for entry in entries]
    return config


def packages(library: Path) -> Iterator[tuple[str, list[str]]]:
    """Every package below ``library`` with its public modules, both in alphabetical order."""
    below = sorted(path for path in library.rglob("*") if (path / "__init__.py").is_file())
    for folder in (library, *below):
        name = ".".join(folder.relative_to(library.parent).parts)
        modules = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
        if modules:
            yield name, [f"{name}.{module}" for module in modules]


def page_of(package: str) -> str:
    """Path of the page of a package inside the documentation."""
    return f"api/{package.removeprefix(LIBRARY + '.')}.md"
