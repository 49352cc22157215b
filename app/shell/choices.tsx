'use client'
// Items of a menu of which one is chosen.
import { Group, Menu, useMantineColorScheme } from '@mantine/core'
import { Icon, type IconName } from '../icons.tsx'

interface Choice<Value extends string> {
  value: Value
  label: string
  icon: IconName
}

interface Props<Value extends string> {
  of: Choice<Value>[]
  value: Value
  onChange: (value: Value) => void
}

export function Choices<Value extends string>({ of, value: chosen, onChange }: Props<Value>) {
  return of.map(({ value, label, icon }) => (
    <Menu.RadioItem
      key={value}
      value={value}
      checked={chosen === value}
      onChange={() => onChange(value)}
      closeMenuOnClick
      rightSection={chosen === value && <Icon name="check" size={14} />}
      styles={{ itemIndicator: { display: 'none' } }}
    >
      <Group gap="xs" wrap="nowrap">
        <Icon name={icon} />
        {label}
      </Group>
    </Menu.RadioItem>
  ))
}

const looks: Choice<'light' | 'dark' | 'auto'>[] = [
  { value: 'auto', label: 'As the system', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
]

/** Dark, light, or as the system is. */
export function LookChoices() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return <Choices of={looks} value={colorScheme} onChange={setColorScheme} />
}
