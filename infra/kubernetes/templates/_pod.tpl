{{/* What every pod and every container has in common. */}}

{{- define "tapeline.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: tapeline
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "tapeline.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "tapeline.metadata" -}}
name: {{ .name }}
labels:
  {{- include "tapeline.labels" . | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "tapeline.image" -}}
image: {{ .root.Values.images.repository }}/{{ .name }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
{{- end }}

{{/* Pod Security "restricted". Nothing here speaks to Kubernetes, and a variable that Kubernetes
     makes of each Service (POSTGRES_PORT=tcp://...) would be taken for a setting. */}}
{{- define "tapeline.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "tapeline.hardened" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* As in compose: asked every five seconds, ready after the first yes, not after six noes; the
     start may take minutes where a processor is busy. */}}
{{- define "tapeline.probes" -}}
startupProbe:
  exec: &health {command: {{ . | toJson }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 120
readinessProbe:
  exec: *health
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Only for what does not depend on others: a restart would not bring those back. */}}
{{- define "tapeline.liveness" -}}
livenessProbe:
  exec: {command: {{ . | toJson }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 12
{{- end }}

{{- define "tapeline.log" -}}
- {name: LOG_LEVEL, value: {{ .Values.log.level }}}
- {name: LOG_STYLE, value: {{ .Values.log.style }}}
{{- end }}

{{- define "tapeline.settings" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* A client of Kafka; who it is decides which account it has. */}}
{{- define "tapeline.kafka" -}}
{{- $kafka := .root.Values.kafka }}
{{- if eq $kafka.mode "brokers" }}
- {name: KAFKA_BOOTSTRAP, value: "kafka:9092"}
{{- else }}
- {name: KAFKA_BOOTSTRAP, value: {{ $kafka.external.bootstrap | quote }}}
- {name: KAFKA_SECURITY_PROTOCOL, value: {{ $kafka.external.protocol }}}
{{- if and $kafka.external.authority (ne $kafka.external.protocol "PLAINTEXT") }}
- {name: KAFKA_CA_FILE, value: /run/kafka/ca.crt}
{{- end }}
{{- if eq $kafka.external.protocol "SASL_SSL" }}
- {name: KAFKA_SASL_MECHANISM, value: {{ $kafka.external.mechanism }}}
- {name: KAFKA_USER, value: {{ index $kafka.external.users .name | quote }}}
- {name: KAFKA_PASSWORD_FILE, value: /run/kafka/password}
{{- end }}
{{- end }}
{{- end }}

{{- define "tapeline.kafka-mount" -}}
{{- if eq .Values.kafka.mode "external" }}
- {name: kafka, mountPath: /run/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "tapeline.kafka-volume" -}}
{{- $kafka := .root.Values.kafka }}
{{- if eq $kafka.mode "external" }}
- name: kafka
  projected:
    sources:
      {{- if eq $kafka.external.protocol "SASL_SSL" }}
      - secret: {name: {{ $kafka.external.passwords }}, items: [{key: {{ .name }}, path: password}]}
      {{- end }}
      {{- with $kafka.external.authority }}
      - secret: {name: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
      {{- end }}
{{- end }}
{{- end }}

{{/* A client of PostgreSQL: it must be the very server that the authority's certificate names. */}}
{{- define "tapeline.postgres" -}}
{{- if eq .Values.postgres.mode "external" }}
- {name: POSTGRES_HOST, value: {{ .Values.postgres.external.host | quote }}}
- {name: POSTGRES_PORT, value: {{ .Values.postgres.external.port | quote }}}
{{- else }}
- {name: POSTGRES_HOST, value: postgres-rw}
- {name: POSTGRES_PORT, value: "5432"}
{{- end }}
- {name: POSTGRES_DB, value: market}
- {name: PGSSLMODE, value: verify-full}
- {name: PGSSLROOTCERT, value: /run/authority/ca.crt}
- {name: PGCHANNELBINDING, value: require}
{{- end }}

{{- define "tapeline.authority" -}}
- name: authority
  secret:
    {{- if eq .Values.postgres.mode "external" }}
    secretName: {{ .Values.postgres.external.authority }}
    {{- else }}
    secretName: postgres-ca
    {{- end }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}

{{/* Of the Secret with all passwords a pod gets its own few. */}}
{{- define "tapeline.passwords" -}}
- secret:
    name: {{ .root.Values.secrets.passwords }}
    items:
      {{- range .names }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end }}

{{/* Of what keeps nothing: it goes from a node that is gone ten seconds after that was told, and not
     after five minutes. */}}
{{- define "tapeline.leave" -}}
tolerations:
  {{- range list "not-ready" "unreachable" }}
  - {key: node.kubernetes.io/{{ . }}, operator: Exists, effect: NoExecute, tolerationSeconds: 10}
  {{- end }}
{{- end }}

{{/* On different nodes, and in different zones, as far as there are some. */}}
{{- define "tapeline.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ .whenFull }}
    # A node that is gone is none that a pod must wait for.
    nodeTaintsPolicy: Honor
    labelSelector: &same {matchLabels: {{ include "tapeline.selector" . | fromYaml | toJson }}}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: *same
{{- end }}

{{/* Waits for the server, and who is not its administrator for the tables, which the migration of the
     first install makes; an upgrade migrates first. */}}
{{- define "tapeline.await-postgres" -}}
- name: await-postgres
  {{- include "tapeline.image" . | nindent 2 }}
  command: [python, /run/await/await_postgres.py]
  env:
    {{- include "tapeline.postgres" .root | nindent 4 }}
    - {name: ROLE, value: {{ .role }}}
    - {name: PGPASSWORD_FILE, value: /run/tapeline/{{ .role }}_password}
  {{- include "tapeline.hardened" . | nindent 2 }}
  resources: {{- .resources | toYaml | nindent 4 }}
  volumeMounts:
    - {name: await, mountPath: /run/await, readOnly: true}
    - {name: passwords, mountPath: /run/tapeline, readOnly: true}
    - {name: authority, mountPath: /run/authority, readOnly: true}
    - {name: tmp, mountPath: /tmp}
{{- end }}
