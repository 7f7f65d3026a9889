{{/* A job that ends. The first install begins it beside all else, and what needs it waits; an
     upgrade begins only when it has ended well. */}}
{{- define "tapeline.once" -}}
{{- include "tapeline.metadata" . }}
{{- if .root.Release.IsUpgrade }}
annotations:
  helm.sh/hook: pre-upgrade
  helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
{{- end }}
